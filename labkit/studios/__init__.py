"""Pictures that put several papers side by side, for the dashboard's studios; nothing else in the lab imports them."""
