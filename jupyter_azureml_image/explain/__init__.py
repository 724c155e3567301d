"""Known causes of failures: one data file each, matched to what was said last."""
