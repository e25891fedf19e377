import { useEffect, useState } from "react";

/** Takes files that are dropped anywhere on the page; whether some are held over it just now. */
export function useDrop(take: (files: File[]) => void): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    function over(event: DragEvent) {
      if (hasFiles(event)) setOver(true);
    }
    function leave(event: DragEvent) {
      if (event.relatedTarget === null) setOver(false); // it has left the window
    }
    function drop(event: DragEvent) {
      setOver(false);
      if (hasFiles(event)) take(filesOf(event));
    }
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [take]);
  return isOver;
}

/** No file is opened in place of the page, wherever it is dropped. Text goes where it is dropped. */
export function holdDrops(): void {
  for (const name of ["dragover", "drop"] as const) {
    addEventListener(name, (event) => hasFiles(event) && event.preventDefault());
  }
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") ?? false;
}

/** Without folders, which look like files that cannot be read. */
function filesOf({ dataTransfer }: DragEvent): File[] {
  const items = [...(dataTransfer?.items ?? [])].filter(({ kind }) => kind === "file");
  return items.flatMap((item) =>
    item.webkitGetAsEntry()?.isDirectory ? [] : (item.getAsFile() ?? []),
  );
}
