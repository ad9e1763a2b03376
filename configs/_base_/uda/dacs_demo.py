"""DACS on the demo domains, whose rare classes appear only with class weights on the source loss."""

_base_ = "dacs_from_scratch.py"
uda = dict(
    # Frequency^-0.5 of the 19 classes in the demo source, scaled so that the mean over pixels is 1.
    source_class_weight=[0.5, 1.33, 0.76, 2.15, 2.64, 3.03, 5.48, 5.44, 1.01, 1.56, 0.74, 4.1, 8.73, 1.68, 2.38, 4.6, 2.96, 5.71, 9.43],
)
