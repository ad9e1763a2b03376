"""AdamW for a small pretrained network in an hour on a CPU: warm-up of 5 %, linear to 0."""

optim_wrapper = dict(
    type="OptimWrapper",
    constructor="GroupedOptimWrapperConstructor",
    # Five times the rate of DAFormer, whose training is 29 times as long; the decoder starts from random weights.
    optimizer=dict(type="AdamW", lr=3e-4, betas=(0.9, 0.999), weight_decay=0.01),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=5.0))),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=1e-6, begin=0, end=71, by_epoch=False),
    dict(type="PolyLR", power=1.0, eta_min=0.0, begin=0, by_epoch=False),
]
train_cfg = dict(type="AdaptationTrainLoop", max_iters=1400, val_interval=700)
