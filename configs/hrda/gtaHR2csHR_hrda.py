"""HRDA, GTA -> Cityscapes at full resolution (Hoyer et al., ECCV 2022, Table 1, last row).

Command:   python run_experiments.py --config configs/hrda/gtaHR2csHR_hrda.py
Study:     --exp 40
Published: 73.8 ± 0.3 mIoU over 3 seeds; 32 hours and 22.5 GB on a 24 GB card. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).

The comments name the symbols and sections of the paper.
"""

_base_ = [
    "../_base_/default_runtime.py",
    # DAFormer network: MiT-B5 encoder f^E, context-aware decoder f^S (section 3.1).
    "../_base_/models/daformer_sepaspp_mitb5.py",
    # Full resolution: GTA at 2560x1440, Cityscapes at 2048x1024; crops of 1024x1024.
    "../_base_/datasets/uda_gta_to_cityscapes.py",
    # DACS with an EMA teacher and the feature distance on things (section 3.1).
    "../_base_/uda/dacs_a999_fdthings.py",
    # AdamW, 40,000 iterations.
    "../_base_/schedules/adamw_poly10warm_40k.py",
]

# Further values of the paper are defaults of these classes: the comments name them with their options.
model = dict(
    type="HRDAEncoderDecoder",
    # Two views of the training crop go through the same encoder and decoder (section 3.2): the context shows all of it,
    # downsampled by s = 2 (scales=(1, 0.5)), the detail a part of it at full resolution, of h_d x w_d = 512 x 512 pixels.
    # One box per batch, drawn anew for every pass. It starts at multiples of k = s * o pixels, where o = 4 is the decoder's
    # stride (crop_coord_divisible=8): its place in the context logits is then a whole number of pixels.
    hr_crop_size=(512, 512),
    # The feature distance compares the features of the context (feature_scale=0.5). In pseudo-labels and predictions the
    # detail box slides over the whole crop (hr_slide_inference=True), with half a window of overlap (section 3.4).
    decode_head=dict(
        type="HRDAHead",
        single_scale_head="DAFormerHead",
        # The scale attention f^A weighs the two predictions per pixel *and class* (section 3.3; attention_classwise=True).
        # λ_d: weight of the loss on the detail crop alone; the fused loss keeps 1 - λ_d (section 3.3, equation 11).
        hr_loss_weight=0.1,
    ),
    # Whole images are predicted from sliding 1024x1024 crops with 512 pixels of overlap; logits are averaged.
    test_cfg=dict(mode="slide", batched_slide=True, stride=[512, 512], crop_size=[1024, 1024]),
)

train_dataloader = dict(
    dataset=dict(
        # Pixels at [top, bottom, left, right] of the resized target image without pseudo-labels:
        # rectification borders, and the ego vehicle.
        crop_pseudo_margins=[30, 240, 30, 30],
        # Rare-class sampling: at full resolution a crop shows at least 2 * 3,000 pixels of the drawn class.
        rare_class_sampling=dict(min_pixels=3000, class_temp=0.01, min_crop_ratio=2.0),
    ),
)
