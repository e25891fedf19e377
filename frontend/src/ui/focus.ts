import { type RefObject, useEffect } from "react";

/** Go on where one was typing or pressing, when what had the focus has gone. */
export function useFocusIfLost(field: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (document.activeElement === document.body) field.current?.focus({ preventScroll: true });
  }, [field]);
}
