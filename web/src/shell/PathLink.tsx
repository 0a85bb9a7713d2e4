import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

interface PathLinkProps {
  path: string;
  className?: string;
  onClick?: () => void;
  children: ReactNode;
}

/** A link to an address of the page that is only known as it is shown, such as an event's. */
export function PathLink({ path, ...rest }: PathLinkProps) {
  // The router knows its routes as types; this one is a text, and matched as any address is.
  return <Link to={path as "/"} {...rest} />;
}
