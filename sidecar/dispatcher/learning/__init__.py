"""What is learned from outcomes: LightGBM and arrays live here and nowhere else."""
