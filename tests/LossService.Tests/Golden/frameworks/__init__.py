"""The frameworks' own calls, and the requests that match them."""
