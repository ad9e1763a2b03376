"""AdamW for few parameters beside a frozen encoder (Rein, Wei et al., CVPR 2024): one rate, polynomial decay with power 0.9."""

optim_wrapper = dict(
    type="OptimWrapper",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="AdamW", lr=1e-4, betas=(0.9, 0.999), weight_decay=0.05),
    paramwise_cfg=dict(custom_keys=dict(norm=dict(decay_mult=0.0))),
)
param_scheduler = [dict(type="PolyLR", power=0.9, eta_min=0.0, begin=0, by_epoch=False)]
train_cfg = dict(type="AdaptationTrainLoop", max_iters=40000, val_interval=4000)
