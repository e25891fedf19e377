"""The pages under Reference, written from the code each time the site is built."""
