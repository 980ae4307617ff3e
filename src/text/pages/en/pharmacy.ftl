# The pharmacy: preparations, hand-over, stock.
