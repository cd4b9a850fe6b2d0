"""`infertop demo`: a script of scenes, the director that keeps time, and the console it plays on."""
