import { useEffect, type ReactNode } from "react";

/** How many bars are shown: a page that comes may be there before the one that goes. */
let shown = 0;

/**
 * The one next action of a page. On a phone it sticks to the bottom, in place of the navigation
 * (`data-actionbar` on the body takes that away); elsewhere it stands where it is written.
 */
export function ActionBar({ says, children }: { says?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    shown += 1;
    document.body.dataset["actionbar"] = "";
    return () => {
      shown -= 1;
      if (shown === 0) {
        delete document.body.dataset["actionbar"];
      }
    };
  }, []);
  return (
    <div
      // The shell leaves more room below the page where there are two buttons.
      data-bar=""
      className="max-sm:bg-sheet max-sm:border-line mt-5 max-sm:fixed max-sm:inset-x-0 max-sm:bottom-0 max-sm:z-10 max-sm:mt-0 max-sm:border-t max-sm:px-4 max-sm:pt-2 max-sm:pb-[max(0.75rem,env(safe-area-inset-bottom))]"
    >
      {says && <p className="text-13 text-soft mb-1 sm:hidden">{says}</p>}
      <div className="flex flex-wrap gap-3 max-sm:[&>.button]:w-full">{children}</div>
    </div>
  );
}
