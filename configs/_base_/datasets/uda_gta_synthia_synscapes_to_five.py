"""GTA, Synthia and Synscapes to Cityscapes, BDD100K, Mapillary, ACDC and Dark Zurich, measured on Cityscapes: the data of VFM-UDA++.

All files of a domain are drawn alike, as published; ``weights`` of source or target changes that.
"""

_base_ = ["uda_gta_synthia_to_cityscapes.py"]
train_dataloader = dict(
    dataset=dict(
        source=dict(
            datasets=[
                dict(type="GTADataset", data_root="data/gta", img_dir="images", ann_dir="labels"),
                dict(type="SynthiaDataset", data_root="data/synthia", img_dir="RGB", ann_dir="GT/LABELS"),
                dict(type="SynscapesDataset", data_root="data/synscapes", img_dir="img/rgb", ann_dir="img/class"),
            ],
        ),
        source_crop=dict(full_size=[(2560, 1440), (2560, 1520), (2048, 1024)]),
        target=dict(
            _delete_=True,
            type="SeveralDatasets",
            datasets=[
                dict(type="CityscapesDataset", data_root="data/cityscapes", img_dir="leftImg8bit/train"),
                dict(type="BDD100KDataset", data_root="data/bdd100k", img_dir="images/10k/train"),
                dict(type="MapillaryDataset", data_root="data/mapillary", img_dir="training/images"),
                dict(type="ACDCDataset", data_root="data/acdc", img_dir="rgb_anon/train"),
                dict(type="DarkZurichDataset", data_root="data/dark_zurich", img_dir="rgb_anon/train/night"),
            ],
        ),
        # One size per target, in their order, each in its own aspect ratio. Padded, because panoramas of Mapillary are wider.
        target_crop=dict(full_size=[(2048, 1024), (2048, 1152), (2048, 1536), (2048, 1152), (2048, 1152)], pad=True),
        # [top, bottom, left, right] in per cent: rectification borders and ego vehicle of Cityscapes; the others show none.
        target_margins=[[3, 25, 3, 3], None, None, None, None],
    )
)
