"""SGD of depth distribution: one rate for the whole network, decay over 90,000 iterations, batches of one image.

The paper's numbers are those of iteration 54,000 of this schedule, and of 30,000 of self-training, which starts it anew (10,000 for 7
classes of Cityscapes at full size); the released code evaluates every 1,000 iterations and says the best.
"""

optim_wrapper = dict(
    type="OptimWrapper",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="SGD", lr=2.5e-4, momentum=0.9, weight_decay=5e-4),
)
param_scheduler = [dict(type="PolyLR", power=0.9, eta_min=0.0, begin=0, end=90001, by_epoch=False)]
train_cfg = dict(type="AdaptationTrainLoop", max_iters=90000, val_interval=1000)
