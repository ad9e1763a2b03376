"""AdamW, 1,500 iterations of linear warm-up times a linear decay to 0 (DAFormer, section 4)."""

optim_wrapper = dict(
    type="OptimWrapper",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="AdamW", lr=6e-5, betas=(0.9, 0.999), weight_decay=0.01),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10.0), pos_block=dict(decay_mult=0.0), norm=dict(decay_mult=0.0))),
)
# The two run together: their factors multiply. The decay ends with the training; mmengine counts end - begin - 1 steps, hence the + 1.
param_scheduler = [
    dict(type="LinearLR", start_factor=1e-6, begin=0, end=1501, by_epoch=False),
    dict(type="PolyLR", power=1.0, eta_min=0.0, begin=0, by_epoch=False),
]
train_cfg = dict(type="AdaptationTrainLoop", max_iters=40000, val_interval=4000)
