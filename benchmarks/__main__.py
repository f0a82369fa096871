"""`make bench`: every benchmark, figures and ratios of one run."""

import sys

from benchmarks import order_sign

if __name__ == "__main__":
    sys.exit(order_sign.main())
