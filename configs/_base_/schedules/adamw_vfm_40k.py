"""AdamW of VFM-UDA: 1,500 iterations of warm-up, then the line from 1 to 0 over all 40,000, which is at 0.9625 by then."""

optim_wrapper = dict(
    type="OptimWrapper",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="AdamW", lr=5e-5, betas=(0.9, 0.999), weight_decay=0.01),
    # For N crops of a domain in a step: 1.41e-4 with 8.
    scale_lr_by="sqrt_batch",
    # A tenth for the encoder, with one rate in all of its blocks; everything is decayed.
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=1e-3, begin=0, end=1501, by_epoch=False),
    # The line at iteration 1,500, 1 - 1,500 / 40,000; from there on to 0.
    dict(type="ConstantLR", factor=0.9625, begin=1500, end=1000000000, by_epoch=False),
    dict(type="PolyLR", power=1.0, eta_min=0.0, begin=1500, by_epoch=False),
]
train_cfg = dict(type="AdaptationTrainLoop", max_iters=40000, val_interval=4000)
