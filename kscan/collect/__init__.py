"""The only room that speaks to a cluster: given needs, it fills a snapshot. It never judges."""
