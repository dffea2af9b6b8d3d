"""The documentation: pages, and `reference`, which writes those that come from tables."""
