"""HRDA, GTA and Synthia together -> Cityscapes at full resolution: two sources in one training. Not in the paper.

Command:   python run_experiments.py --config configs/hrda/gtaHR_synHR2csHR_hrda.py
Needs:     data/gta, data/synthia and data/cityscapes (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5). Not trained by us.
"""

_base_ = ["gtaHR2csHR_hrda.py"]

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
    ),
)
