"""GTA and Synthia together to Cityscapes.

All files are drawn alike, so GTA more often than Synthia; ``weights`` of the source changes that. The statistics of
rare-class sampling are those of both.
"""

_base_ = ["uda_gta_to_cityscapes.py"]
train_dataloader = dict(
    dataset=dict(
        source=dict(
            _delete_=True,
            type="SeveralDatasets",
            datasets=[
                dict(type="GTADataset", data_root="data/gta", img_dir="images", ann_dir="labels"),
                dict(type="SynthiaDataset", data_root="data/synthia", img_dir="RGB", ann_dir="GT/LABELS"),
            ],
        ),
        # One size per source, in their order.
        source_crop=dict(full_size=[(2560, 1440), (2560, 1520)]),
    )
)
