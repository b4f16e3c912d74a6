"""Sound as numbers: decoded, measured, limited, joined and encoded."""
