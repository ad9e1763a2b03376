"""GTA, Synthia and UrbanSyn together to Cityscapes: the sources of Rein and SoMA with few labels.

All files are drawn alike; ``weights`` of the source changes that. The statistics of rare-class sampling are those of all three.
"""

_base_ = ["uda_gta_synthia_to_cityscapes.py"]
train_dataloader = dict(
    dataset=dict(
        source=dict(
            datasets=[
                dict(type="GTADataset", data_root="data/gta", img_dir="images", ann_dir="labels"),
                dict(type="SynthiaDataset", data_root="data/synthia", img_dir="RGB", ann_dir="GT/LABELS"),
                dict(type="UrbanSynDataset", data_root="data/urbansyn", img_dir="rgb", ann_dir="ss"),
            ],
        ),
        # One size per source, in their order.
        source_crop=dict(full_size=[(2560, 1440), (2560, 1520), (2048, 1024)]),
    )
)
