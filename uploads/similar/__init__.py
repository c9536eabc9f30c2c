"""Find pictures that look alike: near duplicates, and the most similar pictures."""
