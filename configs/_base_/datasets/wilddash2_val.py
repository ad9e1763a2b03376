"""Evaluation on WildDash2, public_02: all of it, or the photographs of a list (``split``)."""

scale = 1  # share of the full resolution
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="WildDash2Dataset", data_root="data/wilddash2", img_dir="images", ann_dir="labels", full_size=(1920, 1080)),
)
val_evaluator = dict(type="IoUMetric")
