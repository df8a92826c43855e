"""``python -m bench``: what fan-out and idle connections cost, beside the npm package sockjs, in one run."""
