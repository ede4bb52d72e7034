/** Icons, drawn on a grid of 24. They say nothing to a screen reader: the text beside them does. */
const PATHS = {
  home: "M4 11.5 12 4.500l8 7V19a1.500 1.500 0 0 1-1.500 1.500h-4V15h-5v5.500h-4A1.500 1.500 0 0 1 4 19z",
  messages: "M5 5h14a1.500 1.500 0 0 1 1.500 1.500v9A1.500 1.500 0 0 1 19 17h-7.500L7 20.500V17H5a1.500 1.500 0 0 1-1.500-1.500v-9A1.500 1.500 0 0 1 5 5z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500c.6-3.800 3.700-5.500 7.500-5.500s6.900 1.700 7.500 5.500",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  back: "M15 5l-7 7 7 7",
  pen: "M14.500 5.500l4 4L8 20H4v-4zM13 7l4 4",
  send: "M4 12 20 4.500 15.500 20l-3.500-6.500zM12 13.500 20 4.500",
  enter: "M10 8l4 4-4 4M14 12H4M12 4h6.500A1.500 1.500 0 0 1 20 5.500v13a1.500 1.500 0 0 1-1.500 1.500H12",
  down: "M6 10l6 6 6-6",
  bell: "M5 5l14 14M9.500 19.500a2.700 2.700 0 0 0 5 0M7 8.500V11c0 3-2 4.500-2 6h12M9 5.300A5 5 0 0 1 17 9.500c0 2 .5 3.600 1 4.500",
  close: "M6 6l12 12M18 6 6 18",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
