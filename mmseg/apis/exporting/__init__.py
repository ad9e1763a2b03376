"""Networks for use elsewhere: programs of one window, and folders with all that predicting needs."""
