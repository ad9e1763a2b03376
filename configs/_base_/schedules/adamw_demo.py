"""AdamW for a small network from scratch in minutes: a large learning rate, 10 % warm-up, linear to 0."""

optim_wrapper = dict(
    type="OptimWrapper",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="AdamW", lr=6e-3, betas=(0.9, 0.99), weight_decay=0.01),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=1e-6, begin=0, end=201, by_epoch=False),
    dict(type="PolyLR", power=1.0, eta_min=0.0, begin=0, by_epoch=False),
]
train_cfg = dict(type="AdaptationTrainLoop", max_iters=2000, val_interval=400)
