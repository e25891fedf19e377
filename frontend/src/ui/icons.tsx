/** Drawn in the text's colour. Each stands beside a word, or in a button that has a label. */

function Icon({ path, isFilled = false }: { path: string; isFilled?: boolean }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill={isFilled ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}

export const HeartIcon = ({ isFilled }: { isFilled: boolean }) => (
  <Icon
    isFilled={isFilled}
    path="M12 20.5S3.500 15.300 3.500 9.200A4.700 4.700 0 0 1 12 6.500a4.700 4.700 0 0 1 8.500 2.700c0 6.100-8.500 11.300-8.500 11.300z"
  />
);
export const CommentIcon = () => (
  <Icon path="M4 12a8 7.500 0 1 1 3.600 6.300L4 19.500l1.100-3.300A7 7 0 0 1 4 12z" />
);
export const PictureIcon = () => (
  <Icon path="M4 5h16v14H4zM4 16l4.500-4.500 4 4L16 12l4 4M15.500 9a.5.5 0 1 0 0-.01" />
);
export const CloseIcon = () => <Icon path="M6 6l12 12M18 6L6 18" />;
export const TrashIcon = () => (
  <Icon path="M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7M10.500 11v5M13.500 11v5" />
);
