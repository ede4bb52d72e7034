import { Link } from "react-router";
import { Notice } from "../parts/small.tsx";

export function NotFoundPage() {
  return (
    <div className="column">
      <h1 className="sr-only">Not found</h1>
      <Notice title="There is nothing here" action={<Link to="/" className="button">Go home</Link>}>
        The address may be wrong, or what it led to is gone.
      </Notice>
    </div>
  );
}
