import { useLocation } from "@tanstack/react-router";
import { useEffect, useState, type ComponentType } from "react";

import { isTourDue, leaveTour, showTour, useTour } from "./state.ts";

/** Shows the tour over whatever page one is on; it is fetched when it is asked for. */
export function TourHost() {
  const isShown = useTour();
  const path = useLocation({ select: ({ pathname }) => pathname });
  const [Tour, setTour] = useState<ComponentType | null>(null);
  useEffect(() => {
    if (path !== "/start" && isTourDue()) {
      showTour();
    }
  }, [path]);
  useEffect(() => {
    if (isShown) {
      import("./Tour.tsx").then((loaded) => setTour(() => loaded.Tour), leaveTour);
    }
  }, [isShown]);
  return isShown && Tour ? <Tour /> : null;
}
