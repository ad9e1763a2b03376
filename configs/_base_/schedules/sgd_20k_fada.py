"""The same for the stages with twice the batch: the source alone, and self-distillation."""

_base_ = "sgd_40k_fada.py"
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [dict(type="PolyLR", power=0.9, eta_min=0.0, begin=0, end=31251, by_epoch=False)]
train_cfg = dict(max_iters=20000)
