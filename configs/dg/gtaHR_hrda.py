"""HRDA trained on GTA alone, for streets it has never seen (HRDA's extension, Hoyer et al., PAMI 2024, section 6).

Command:   python run_experiments.py --config configs/dg/gtaHR_hrda.py
Study:     --exp 50
Published: 57.41 mIoU on Cityscapes, 49.11 on BDD100K, 61.16 on Mapillary. Not trained by us yet.
Needs:     as gta_daformer.py, which explains what is the same here.
"""

_base_ = "gta_daformer.py"

# Full resolution.
scale = 1
crop_size = (1024, 1024)

model = dict(
    type="HRDAEncoderDecoder",
    # Smaller than in adaptation: the second style doubles what is kept for the backward pass. Context and detail draw their own.
    hr_crop_size=(384, 384),
    decode_head=dict(type="HRDAHead", single_scale_head="DAFormerHead", hr_loss_weight=0.1),
    test_cfg=dict(mode="slide", batched_slide=True, stride=[512, 512], crop_size=[1024, 1024]),
)
train_dataloader = dict(dataset=dict(rare_class_sampling=dict(min_crop_ratio=2.0)))
