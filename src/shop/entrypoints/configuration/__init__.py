"""Settings, and the policies that follow from them."""
