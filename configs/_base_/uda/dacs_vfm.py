"""Self-training of VFM-UDA (Englert et al., arXiv 2406.09896): DACS with masked tokens, and a teacher that looks twice."""

uda = dict(
    type="DACS",
    # Pseudo-labels from the mean of the probabilities for a crop and its mirror image.
    teacher=dict(type="Teacher", flip=True),
    # Jitter and blur of mixed and masked crops: a coin for each image, the probability itself.
    augment=dict(color_jitter=(0.2, 0.2, 0.2, 0.2), jitter_probability=0.8, blur_probability=0.5, sigma=(0.15, 1.15)),
    # Of the source, and of the target that a source is pasted on: strengths 32 of 255, 0.5, 0.5 and 18 of 360 degrees.
    weak_augment=dict(color_jitter=(0.12549, 0.5, 0.5, 0.05), jitter_probability=0.9),
    # Each token of the target is hidden behind the encoder's own mask token with probability 0.7, the default.
    mask_mode="separatetrgaug",
    mask_generator=dict(type="token"),
    # No feature distance: with such an encoder it brings nothing (their ablation).
)
