"""Convert published networks to the model files that ship with the program; see tools/build_weights.py."""
