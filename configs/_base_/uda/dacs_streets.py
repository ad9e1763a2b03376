"""DACS with DAFormer's feature distance, for a training of an hour from rendered streets to photographs, 11 classes."""

uda = dict(
    type="DACS",
    # (RGB - 127) / 128: the normalisation belongs to the weights of EfficientNet-Lite.
    data_preprocessor=dict(type="SegDataPreprocessor", mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0]),
    # A teacher of 0.999 would be a thousand iterations old, which are most of the training.
    alpha=0.99,
    pseudo_threshold=0.95,
    # The decoder starts from random weights, and its first pseudo-labels are noise.
    self_training_start=200,
    # Frequency^-0.5 of the 11 classes in 500 streets, scaled so that the mean over pixels is 1: without weights and rare-class
    # sampling, no thin class is learned in so few iterations.
    source_class_weight=[0.86, 0.79, 2.77, 0.61, 1.52, 1.04, 3.48, 2.52, 1.24, 2.66, 2.3],
    # λ_FD of DAFormer, on sign symbol, car, pedestrian and bicyclist. A cell of the features is 32 pixels wide, and things are
    # smaller in these images than in those of 2048x1024: one counts where it fills half of a cell.
    imnet_feature_dist_lambda=0.005,
    imnet_feature_dist_classes=[6, 8, 9, 10],
    imnet_feature_dist_scale_min_ratio=0.5,
    imnet_encoder_only=True,
)
