"""SGD of FADA: ten times the rate for the classifier; a decay that the training leaves early, at 0.4 of the first rate."""

optim_wrapper = dict(
    type="OptimWrapper",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="SGD", lr=2.5e-4, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys=dict(decode_head=dict(lr_mult=10.0))),
)
param_scheduler = [dict(type="PolyLR", power=0.9, eta_min=0.0, begin=0, end=62501, by_epoch=False)]
train_cfg = dict(type="AdaptationTrainLoop", max_iters=40000, val_interval=2000)
