"""What every run shares: logging, checkpoints, processes. Nothing here changes what is learned."""

seed = 0
default_hooks = dict(
    runtime_info=dict(type="RuntimeInfoHook"),
    timer=dict(type="IterTimerHook"),
    logger=dict(type="LoggerHook", interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type="ParamSchedulerHook"),
    checkpoint=dict(type="CheckpointHook", interval=4000, save_best="mIoU"),
    sampler_seed=dict(type="DistSamplerSeedHook"),
)
custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
]
visualizer = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend"), dict(type="NamedTensorboardBackend")])
env_cfg = dict(cudnn_benchmark=True, mp_cfg=dict(mp_start_method="fork", opencv_num_threads=0), dist_cfg=dict(backend="nccl"))
