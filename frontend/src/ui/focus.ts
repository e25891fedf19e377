import { type RefObject, useEffect } from "react";

// Before anything has had the focus, none is lost: a page that opens leaves it at its top.
let hasBeenSomewhere = false;
addEventListener("focusin", () => {
  hasBeenSomewhere = true;
});

/** Go on where one was typing or pressing, when what had the focus has gone. */
export function useFocusIfLost(field: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const isLost = hasBeenSomewhere && document.activeElement === document.body;
    if (isLost) field.current?.focus({ preventScroll: true });
  }, [field]);
}
