"""Evaluation on the validation split of IDD."""

scale = 1  # share of the full resolution
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="IDDDataset", data_root="data/idd", img_dir="leftImg8bit/val", ann_dir="gtFine/val", full_size=(1920, 1080)),
)
val_evaluator = dict(type="IoUMetric")
