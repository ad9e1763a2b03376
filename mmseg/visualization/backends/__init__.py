"""Where a training shows what it logs: files of the run, TensorBoard, Weights & Biases, MLflow."""
