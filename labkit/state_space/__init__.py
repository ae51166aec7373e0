"""Theme state_space: linear systems that remember. The mathematics that its papers share lives here."""
