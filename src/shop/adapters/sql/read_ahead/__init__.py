"""Questions that are answered by what was read ahead, on both engines."""
