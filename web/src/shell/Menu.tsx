import { useEffect, useId, useRef, useState, type ReactNode } from "react";

/** How each line of a menu looks: a link, or a button. */
export const MENU_ITEM =
  "flex min-h-11 w-full items-center rounded-control px-3 text-start font-medium hover:bg-well aria-[current=page]:text-brand";

interface Props {
  /** What the button is called by those who do not see it, where its face does not say it. */
  label?: string;
  /** What it shows. */
  face: ReactNode;
  className: string;
  /** Where the lines stand: under the button, or above it. */
  above?: boolean;
  children: ReactNode;
}

/**
 * Lines behind a button: they are left by Escape, by a click elsewhere, and by choosing one. They
 * are plain links and buttons, which the keyboard reaches as all others.
 */
export function Menu({ label, face, className, above = false, children }: Props) {
  const [isOpen, setOpen] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!isOpen) {
      return undefined;
    }
    const elsewhere = ({ target }: Event) => {
      if (!(target instanceof Node && whole.current?.contains(target))) {
        setOpen(false);
      }
    };
    const escape = ({ key }: KeyboardEvent) => {
      if (key === "Escape") {
        setOpen(false);
        button.current?.focus();
      }
    };
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("focusin", elsewhere);
      document.removeEventListener("keydown", escape);
    };
  }, [isOpen]);
  return (
    <div ref={whole} className="relative flex flex-1">
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={label}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        {face}
      </button>
      <div
        id={id}
        hidden={!isOpen}
        onClick={() => {
          setOpen(false);
          button.current?.focus(); // a new page takes it on to its heading
        }}
        className={`bg-sheet border-line rounded-card absolute end-0 z-20 w-60 border p-2 shadow-lg ${above ? "bottom-full mb-2" : "top-full mt-2"}`}
      >
        {children}
      </div>
    </div>
  );
}
