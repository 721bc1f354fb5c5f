"""The tests mirror trimodal/ file by file."""
