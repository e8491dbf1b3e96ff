"""What the process that decodes images is asked for, and why it may reject an image."""

ENCODE, RESIZE = "encode", "resize"

NOT_AN_IMAGE, FORMAT, ANIMATED, TOO_LARGE = "not-an-image", "format", "animated", "too-large"
REASONS = frozenset({NOT_AN_IMAGE, FORMAT, ANIMATED, TOO_LARGE})

MAX_SIDE = 12_000
"""The pixels of the longer side of an image."""
