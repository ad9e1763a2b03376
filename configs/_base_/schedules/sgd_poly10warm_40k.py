"""SGD, one learning rate for encoder and decoder, warm-up times decay (adversarial training and entropy minimisation; HRDA, Table 2)."""

optim_wrapper = dict(
    type="OptimWrapper",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="SGD", lr=2.5e-3, momentum=0.9, weight_decay=5e-4),
)
# The two run together: their factors multiply. The decay ends with the training; mmengine counts end - begin - 1 steps, hence the + 1.
param_scheduler = [
    dict(type="LinearLR", start_factor=1e-6, begin=0, end=1501, by_epoch=False),
    dict(type="PolyLR", power=1.0, eta_min=0.0, begin=0, by_epoch=False),
]
train_cfg = dict(type="AdaptationTrainLoop", max_iters=40000, val_interval=4000)
