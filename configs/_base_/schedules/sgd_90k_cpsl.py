"""SGD of CPSL: ten times the rate for the decoder, decay over 90,000 iterations.

The released code lists a parameter of the encoder once for each module that holds it, and so moves it three times a step, four times in a
shortcut: ``published_quirks``. A training of one's own takes three times the rate of the encoder instead.
"""

optim_wrapper = dict(
    type="OptimWrapper",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="SGD", lr=1e-4, momentum=0.9, weight_decay=2e-4),
    paramwise_cfg=dict(custom_keys=dict(decode_head=dict(lr_mult=10.0)), published_quirks=True),
)
param_scheduler = [dict(type="PolyLR", power=0.9, eta_min=0.0, begin=0, end=90001, by_epoch=False)]
# Published numbers are those of the best of all evaluations, which come every 1,000 iterations.
train_cfg = dict(type="AdaptationTrainLoop", max_iters=90000, val_interval=1000)
