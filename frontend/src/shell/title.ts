import { useEffect } from "react";

/** Name the page, for tabs, histories and screen readers. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Mediaport` : "Mediaport";
  }, [title]);
}
